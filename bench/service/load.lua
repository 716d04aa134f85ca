-- One request for each call of wrk, with one of the bodies (a line each) after the other; the figures as one line of JSON.
-- pause: milliseconds before each, per connection, on average: drawn at random, or all connections would ask at once.
wrk.method = os.getenv("BENCH_METHOD")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = os.getenv("BENCH_KEY")

local bodies, sent = {}, 0
for body in os.getenv("BENCH_BODY"):gmatch("[^\n]+") do bodies[#bodies + 1] = body end

function request()
  sent = sent + 1
  return wrk.format(nil, nil, nil, bodies[sent % #bodies + 1])
end

local pause = tonumber(os.getenv("BENCH_PAUSE"))
if pause > 0 then
  function delay() return -math.log(1 - math.random()) * pause end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "p50": %.3f, "p99": %.3f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
