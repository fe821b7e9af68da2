def with_f_string(prompt):
    return f"SELECT AI_COMPLETE('llama3.1-8b', '{prompt}')"


print(with_f_string("It's me"))
print(with_f_string("hi'), CURRENT_USER(), ('"))
