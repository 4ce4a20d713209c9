"""What leaves the gateway by itself: which receivers a webhook may have, and how one is called."""
