-- wrk: POST the body in the file BODY names, over keep-alive.
local file = assert(io.open(os.getenv("BODY")))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = file:read("*a")
file:close()
