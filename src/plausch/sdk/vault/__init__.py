"""sdk/vault"""
