"""The services as processes, spoken to over HTTP as HR systems and analysts speak to them."""
