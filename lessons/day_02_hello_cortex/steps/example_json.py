import json


def text_of(value):
    try:
        text = json.loads(value)
    except (TypeError, ValueError):  # NULL, or text that is not JSON
        return value
    return text if isinstance(text, str) else value


plain = 'A qubit is "both".\nReally.'
packed = json.dumps(plain)
print(packed)
print(text_of(packed))
print(text_of(plain) == text_of(packed))
print(text_of(None))
