"""Live transport of events, and wake-ups. Contracts, and one module per backend."""
