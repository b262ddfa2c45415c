def panel(step, user):
    return {}
