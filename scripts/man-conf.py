#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the list of settings of man/aver.conf.5 from `aver serve --help`, which
comes from the table in src/serve/config.c:
    scripts/man-conf.py build/aver > man/aver.conf.5"""
import re
import subprocess
import sys

HEAD = r'''.\" SPDX-License-Identifier: Apache-2.0
.\" Written by scripts/man-conf.py from the table of settings.
.Dd November 24, 2026
.Dt AVER.CONF 5
.Os
.Sh NAME
.Nm aver.conf
.Nd settings of the confidential AI API server
.Sh DESCRIPTION
The file named by
.Fl -config
of
.Xr aver 1
.Cm serve
holds one setting a line: its name, white space, its value.
Empty lines and lines that begin with
.Sq #
are skipped.
Each setting is also a flag
.Pf -- Ar name Ar value
and a variable
.Ev AVER_NAME
(upper case,
.Sq _
for
.Sq - ) .
Flags beat the environment, which beats the file.
An unknown name in the file, or a value that does not parse wherever it comes
from, ends the program with status 2 and a line that names the place.
.Pp
Times are
.Li 300s ,
.Li 5m ,
.Li 250ms
or bare seconds; sizes are
.Li 64MiB ,
.Li 10MB
or bytes.
Settings marked
.Em reloadable
are read again on
.Dv SIGHUP .
.Bl -tag -width Ds
'''
TAIL = r'''.El
.Sh ENDORSEMENTS
What vendors sign about this platform goes along with a report that is asked for
with
.Li endorsements=1 .
The server looks in
.Cm endorsements
for what fits its own quote, and gives out only what is genuine and valid now.
A file that is replaced is noticed without a signal, within a minute.
.Pp
With
.Cm endorse-from
it runs
.Cm aver endorse
at its start and when something is due, as the user that
.Cm user
names: the folder must be there, and be writable for that user.
What cannot be fetched is logged and tried again after minutes, and then after
at most an hour; reports do not wait for it.
.Cm intel
asks the service of the vendor,
.Ar URL
a cache of it (PCCS).
.Pp
The same is kept for its GPUs and NVSwitches: NVIDIA's reference manifests
(RIMs), and its answers about withdrawn certificates (OCSP), which hold for a
day and are renewed after twelve hours.
They are fetched from NVIDIA wherever
.Cm endorse-from
is set, unless
.Cm endorse-gpu-from
says
.Cm none ,
or names a mirror of both services
.Pq Ar URL Ns Li /v1/rim/ Ns Ar name , No and Ar URL No for OCSP by POST ;
with
.Cm endorse-gpu-from
alone nobody is asked for Intel's documents.
What is missing of one kind does not keep the other one back.
.Sh GPUS
GPU evidence comes from the driver's own libraries, which are loaded in a
process apart: it is killed when all GPUs together take longer than
.Cm gpu-timeout ,
and what it prints reaches nobody.
In a container they are there with the driver capability
.Li utility .
.Pp
The server does not start, and later makes no reports, where confidential
computing is off on a GPU that could do it, where the GPU is in devtools mode
(memory that a debugger can read), or where the driver does not answer;
.Cm gpu none
goes without GPU evidence, and reports say so.
With
.Cm gpu auto
a machine without a driver, or with GPUs that know no confidential computing, is
one without GPUs.
The ready state of the GPUs is read, and never set.
.Pp
NVSwitches are asked where the driver says that the GPUs are in protected PCIe
mode, where the switches themselves are closed to the host, or with
.Cm nvswitch required ;
that needs the Fabric Manager.
.Pp
How the GPUs were at the last report is told by
.Li /health
(the member
.Li gpu ) ,
by
.Li /metrics
.Pq Li aver_gpu_failed
and by log lines with the event
.Li gpu .
While they fail a report is tried again, at first after 5 seconds, then up to
60.
.Sh EXAMPLES
.Bd -literal -offset indent
listen      0.0.0.0:8080
engine      http://127.0.0.1:8000
tee         dstack
gpu         required
token-file  /etc/aver/tokens
endorsements /var/lib/aver/endorsements
endorse-from intel
.Ed
.Sh SEE ALSO
.Xr aver 1
'''
ROW = re.compile(r"^(\*| ) --([a-z-]+) (\S+)\s{2,}(.*?)(?: \[([^\[\]]*)\])?$")


def main(program):
    text = subprocess.run([program, "serve", "--help"], capture_output=True, text=True,
                          check=True).stdout
    out = [HEAD]
    for line in text.splitlines():
        m = ROW.match(line)
        if not m:
            continue
        star, name, arg, words, default = m.groups()
        if name == "config":  # names the file itself
            continue
        out.append(f".It Cm {name} Ar {arg}\n{words}.\n")
        if default:
            out.append(f"Default:\n.Li {default} .\n")
        if star == "*":
            out.append(".Em Reloadable .\n")
    out.append(TAIL)
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main(sys.argv[1])
