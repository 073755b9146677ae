"""HTTP in and out of people: mappings, files, feeds, and the register."""
