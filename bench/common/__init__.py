"""What the benchmarks share: processes and their cost, the proxies that are compared, the origin, the load."""
