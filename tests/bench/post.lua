-- SPDX-License-Identifier: Apache-2.0
-- wrk's request: a POST of 1.5 KB.
local open = '{"model":"bench","messages":[{"role":"user","content":"'
local close = '"}]}'
wrk.method = "POST"
wrk.path = "/v1/chat/completions"
wrk.headers["Content-Type"] = "application/json"
wrk.body = open .. string.rep("y", 1536 - #open - #close) .. close
