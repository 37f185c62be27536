# SPDX-License-Identifier: Apache-2.0
"""Clients that people really use, unchanged: each proves for itself what it
got."""
import json
import pathlib
import shutil
import subprocess

import httpx
import openai
import pytest

from engine import chat_answer, chat_events
from proof import check_receipt, check_signature, sha256
from server import run

TOKEN = "client-token"
WORDS = ["Grüß", " dich", ", 你好", " ☕"]
MESSAGES = [{"role": "user", "content": "Say grüß dich, 你好 ☕"}]


@pytest.fixture
def guarded(start, engine, folder):
    (folder / "tokens").write_text(TOKEN + "\n")
    (folder / "tokens").chmod(0o644)

    def script(x):
        id = "chatcmpl-" + x.request["X-Request-Id"]
        if x.request.method == "GET":
            x.json({"object": "list", "data": []})
        elif x.request.json().get("stream"):
            x.sse(chat_events(*WORDS, id=id))
        else:
            x.json(chat_answer("".join(WORDS), id=id))

    engine.script = script
    return start(token_file=folder / "tokens")


def receipt_of(aver, id):
    return aver.signature(id, headers={"Authorization": "Bearer " + TOKEN})


def test_openai_python(guarded, engine):
    client = openai.OpenAI(base_url=guarded.url + "/v1", api_key=TOKEN, max_retries=0)
    raw = client.chat.completions.with_raw_response.create(model="test", messages=MESSAGES)
    answer = raw.parse()
    assert answer.choices[0].message.content == "".join(WORDS)
    check_receipt(receipt_of(guarded, answer.id), engine.last().body, raw.content,
                  guarded.address)


def test_openai_python_stream(guarded, engine):
    client = openai.OpenAI(base_url=guarded.url + "/v1", api_key=TOKEN, max_retries=0)
    stream = client.chat.completions.create(model="test", messages=MESSAGES, stream=True)
    text = ""
    for chunk in stream:
        text += chunk.choices[0].delta.content or ""
    assert text == "".join(WORDS)
    body = b"".join(chat_events(*WORDS, id=chunk.id)) + b"data: [DONE]\n\n"
    check_receipt(receipt_of(guarded, chunk.id), engine.last().body, body, guarded.address)


def test_openai_python_errors(guarded):
    wrong = openai.OpenAI(base_url=guarded.url + "/v1", api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        wrong.chat.completions.create(model="test", messages=MESSAGES)


def test_httpx(guarded, engine):
    request = json.dumps({"model": "test", "stream": True, "messages": MESSAGES},
                         ensure_ascii=False).encode()
    with httpx.Client(base_url=guarded.url, headers={"Authorization": "Bearer " + TOKEN}) as c:
        with c.stream("POST", "/v1/chat/completions", content=request,
                      headers={"Content-Type": "application/json"}) as r:
            body = b"".join(r.iter_raw())
        receipt = c.get("/v1/signature/" + r.headers["x-request-id"]).json()
        assert receipt["text"] == f"{sha256(request)}:{sha256(body)}"
        check_signature(receipt, guarded.address)
        assert c.get("/v1/models").status_code == 200


@pytest.mark.parametrize("mode", [[], ["stream"]], ids=["json", "stream"])
def test_node_openai_and_ethers(guarded, engine, mode):
    folder = pathlib.Path(__file__).parent / "node"
    r = subprocess.run(["node", "client.mjs", guarded.url, TOKEN, "test", *mode], cwd=folder,
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    said = json.loads(r.stdout)
    assert said["text"] == "".join(WORDS)
    assert said["hashesAgree"] and said["status"] == 200
    assert said["signer"] == guarded.address == said["receipt"]["signing_address"]


def test_curl(guarded, engine, folder):
    """What the README tells people to do by hand."""
    (folder / "request.json").write_text(
        json.dumps({"model": "test", "stream": True, "messages": MESSAGES}))
    auth = ["-H", "Authorization: Bearer " + TOKEN]
    curl = [shutil.which("curl"), "-sS", "--fail", *auth]
    subprocess.run([*curl, "-N", "-D", "head", "-o", "response", "-H",
                    "Content-Type: application/json", "--data-binary", "@request.json",
                    guarded.url + "/v1/chat/completions"], cwd=folder, check=True, timeout=30)
    id = [line.split(": ")[1] for line in (folder / "head").read_text().splitlines()
          if line.lower().startswith("x-request-id")][0]
    subprocess.run([*curl, "-o", "receipt", f"{guarded.url}/v1/signature/{id}"], cwd=folder,
                   check=True, timeout=30)
    receipt = json.loads((folder / "receipt").read_text())
    request, response = [(folder / n).read_bytes() for n in ("request.json", "response")]
    assert receipt["text"] == f"{sha256(request)}:{sha256(response)}"
    r = run("verify", "receipt", "--request", folder / "request.json", "--response",
            folder / "response", "--receipt", folder / "receipt", "--expect-address",
            guarded.address)
    assert r.returncode == 0, r.out + r.err
