import json

print(json.loads('"A qubit is both."'))
print(json.loads("A qubit is both."))
