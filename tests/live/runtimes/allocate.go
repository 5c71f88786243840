// SPDX-License-Identifier: MIT
//
// allocate.go - MODE [N]: make at its limit. Go cannot catch a refusal.
package main

import (
	"os"
	"strconv"
)

var kept [][]byte

func grow(mib int) {
	for len(kept) < mib {
		one := make([]byte, 1<<20)
		for i := 0; i < len(one); i += 4096 {
			one[i] = 1
		}
		kept = append(kept, one)
	}
}

func main() {
	switch os.Args[1] {
	case "hello":
	case "uncaught":
		size, _ := strconv.Atoi("8000000000")
		kept = append(kept, make([]byte, size))
		for i := range kept[0] {
			kept[0][i] = 1
		}
	case "grow":
		grow(100000)
	case "near":
		mib, _ := strconv.Atoi(os.Args[2])
		grow(mib)
	default:
		os.Exit(125)
	}
}
