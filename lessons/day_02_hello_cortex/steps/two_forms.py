import json

print(json.loads('"A qubit is a quantum bit."'))
print(json.loads("A qubit is a quantum bit."))
