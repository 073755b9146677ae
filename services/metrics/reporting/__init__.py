"""What the API answers, written down for dashboards, which read the database and cannot ask."""
