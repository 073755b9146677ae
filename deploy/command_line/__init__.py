"""The `workforce` command: what people do with the services from a terminal, over HTTP and nothing else."""
