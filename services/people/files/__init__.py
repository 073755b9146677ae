"""From bytes to rows: encodings, dialects, workbooks, headers. No I/O except on what is handed in."""
