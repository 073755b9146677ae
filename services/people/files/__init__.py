"""From bytes to rows: encodings, dialects, workbooks, headers. No I/O but of what is handed in."""
