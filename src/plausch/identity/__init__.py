"""Who is who: identity keys, device certificates, device lists, login, safety numbers.

What is signed here is what makes a server unable to add a listener (spec/identity.md).
"""
