GUARDS: dict = {}
