def direct_stream():
    return Complete(model, prompt, session=session, stream=True, timeout=5)
