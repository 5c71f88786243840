-- SPDX-License-Identifier: MIT
-- MODE [N]: strings and tables at the limit.
local mode, number = arg[1], arg[2]
local kept = {}

local function grow(mib)
	while #kept < mib do
		kept[#kept + 1] = string.rep("x", 2 ^ 20 // 1 | 0) .. #kept
	end
end

if mode == "caught" then
	local fine, why = pcall(string.rep, "x", 2000000000)
	if fine then os.exit(5) end
	print("caught", why)
elseif mode == "uncaught" then
	kept[1] = string.rep("x", 2000000000)
elseif mode == "grow" then
	grow(100000)
elseif mode == "near" then
	grow(tonumber(number))
else
	os.exit(125)
end
