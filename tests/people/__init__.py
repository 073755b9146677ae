"""People as it runs: files in, events out, the register; beside the services whose doors it uses."""
