"""Ways to run the system: embedded on one machine, and the settings of the parts it runs on in production."""
