import json

value = '"A qubit is \\"both\\".\\nReally."'
print(value)
print(json.loads(value))
