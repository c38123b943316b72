-- What wrk sends: votes on messages drawn at random, each with the token of the message's owner.
-- wrk … URL -- TOKENS COUNT PATH
--   TOKENS  a file, one token a line; message number n belongs to token n modulo their number
--   COUNT   how many messages there are
--   PATH    with %s for the message's id; without it, one fixed path gets requests that are otherwise the same
-- The ids are those of population.message_id.

local heads, count, path = {}, 0, ""
local bodies = { '12\r\n\r\n{"rating":1}', '13\r\n\r\n{"rating":-1}' }

function init(args)
  for token in io.lines(args[1]) do
    heads[#heads + 1] = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
      "\r\nAuthorization: Bearer " .. token .. "\r\nContent-Type: application/json\r\nContent-Length: "
  end
  count, path = tonumber(args[2]), "POST " .. args[3]
  math.randomseed(os.time())
end

function request()
  local number = math.random(0, count - 1)
  local id = string.format("65a0f00000000000%08x", number)
  return path:format(id) .. heads[number % #heads + 1] .. bodies[math.random(2)]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%f,"median_ms":%f,"p99_ms":%f,"failures":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
