"""The OpenAPI documents of all services and the AsyncAPI document, held against the rules of Spectral.

Invariant: every warning counts; where Spectral cannot run one loud line says so, and under CI=true that fails.
"""
