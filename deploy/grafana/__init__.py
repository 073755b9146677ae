"""Grafana's dashboards, made from what the services declare: measures, metrics, code sets."""
