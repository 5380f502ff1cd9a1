"""The front door: programs that speak to `*.googleapis.com` are answered here, with nothing but variables set.

The port of the REST APIs is an HTTPS proxy as well. What is Google's is answered behind a certificate of our own, all
else is passed on unchanged. It is the only way for clients whose addresses are fixed: the SDK over gRPC, TensorFlow.
"""
