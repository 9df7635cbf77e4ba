"""A network, loaded by onnxruntime. The only file that imports it."""

from pathlib import Path
from typing import Any

import onnxruntime


def load(model: bytes | Path, *, patterns: bool = True) -> Any:
    """An `InferenceSession` on one thread: many workers beat one worker with many threads.

    Args:
        model: in the ONNX format, or the file that holds it.
        patterns: whether memory is planned for each size of input apart, which is quick and holds on to all of it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = patterns
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, sess_options=options, providers=["CPUExecutionProvider"])
