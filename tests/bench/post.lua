-- wrk: POST the bodies of the file that BODIES names, one a line, in turn, over keep-alive.
local requests, at = {}, 0

function init()
	for body in io.lines(os.getenv("BODIES")) do
		requests[#requests + 1] = wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end
