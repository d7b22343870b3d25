-- wrk: summaries, every other one from the cache, and at the end one line of JSON.
local text = os.getenv("TEXT")
local made, requests = 0, {}

function request()
	made = made + 1
	local sentences = made % 7 + 1
	local kept = made % 2 == 0 and "true" or "false"
	local name = sentences .. kept
	requests[name] = requests[name] or wrk.format("POST", "/v1/summaries", {["Content-Type"] = "application/json"},
		'{"text": ' .. text .. ', "sentences": ' .. sentences .. ', "cache": ' .. kept .. '}')
	return requests[name]
end

function done(summary, latency)
	local errors = summary.errors
	print(string.format('{"requests": %d, "seconds": %f, "status": %d, "connect": %d, "read": %d, "write": %d, ' ..
		'"timeout": %d, "p50_ms": %f, "p99_ms": %f, "max_ms": %f}', summary.requests, summary.duration / 1e6,
		errors.status, errors.connect, errors.read, errors.write, errors.timeout,
		latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
