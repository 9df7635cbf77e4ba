"""dlib's trained networks, run by onnxruntime in a fraction of the time that dlib takes; nothing is downloaded.

`weights` says where the installed files are and pins them, `dat` reads them as `layers`, `graph` translates those into
the format that `onnx_format` writes, and `session` loads that, as it does YuNet. Which network is run, and what its
numbers mean, is not known here: see `detection.faces.mmod` and `detection.identity.descriptor`.
"""
