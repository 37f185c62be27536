# SPDX-License-Identifier: Apache-2.0
"""What a program takes: memory and time."""
import json
import subprocess
import sys

MEASURE = """
import json, resource, subprocess, sys
r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([r.returncode, u.ru_maxrss / 1024, u.ru_utime + u.ru_stime]))
"""


def measured(*args):
    """Status, MiB of memory at most, seconds of CPU. Measured by a small process: a
    child counts as large as the one that it was made from."""
    out = subprocess.run([sys.executable, "-c", MEASURE, *map(str, args)], stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)
