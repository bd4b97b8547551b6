-- For wrk: a POST of a new id with each request. Its arguments are the path before the id, and
-- the number that the ids come after.
local path, id

function init(arguments)
  path = arguments[1]
  id = tonumber(arguments[2])
end

function request()
  id = id + 1
  return wrk.format("POST", path .. string.format("%.0f", id), nil, "")
end
