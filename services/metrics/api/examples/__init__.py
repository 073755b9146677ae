"""Examples of answers, as the OpenAPI document shows them: real answers about the demonstration authority."""
