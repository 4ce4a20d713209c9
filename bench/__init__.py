"""What the gateway costs: `make bench`, beside the graph in process, a minimal server and the official one."""
