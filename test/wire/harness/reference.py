"""How often the real Envoy may try: a run against it checks what a test expects, not Outrigger."""

# It has races of its own (now and then it never answers a request behind its listener filters), so one failure says nothing.
# A wrong expectation fails every time.
REFERENCE_ATTEMPTS = 3


async def attempted(title, binary, attempt):
    """What `attempt()` says, None or why it failed. Outrigger has one attempt, always."""
    left = REFERENCE_ATTEMPTS if binary.kind == "envoy" else 1
    while True:
        why = await attempt()
        left -= 1
        if not why or not left:
            return why
        print(f"again {title}\n    {why}", flush=True)
