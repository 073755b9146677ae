"""The services, and the chassis that each of them runs on."""
