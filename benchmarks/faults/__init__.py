"""The benchmark of planted faults: networks that were really trained, with a known fault in data, code or checkpoint."""
