// SPDX-License-Identifier: MIT
//
// Allocate.java - MODE [N]: the heap and memory outside of it, at their limits.
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

class Allocate {
	static final List<Object> kept = new ArrayList<>();

	static void grow(int mib) {
		while (kept.size() < mib)
			kept.add(new byte[1 << 20]);
	}

	static void direct() {
		for (;;)
			kept.add(ByteBuffer.allocateDirect(1 << 20));
	}

	public static void main(String[] words) {
		switch (words[0]) {
		case "hello":
			System.out.println("hello");
			break;
		case "caught":
			try {
				grow(100000);
			} catch (OutOfMemoryError error) {
				kept.clear();
				System.out.println("caught");
			}
			break;
		case "grow":
			grow(100000);
			break;
		case "direct":
			direct();
			break;
		case "direct_caught":
			try {
				direct();
			} catch (OutOfMemoryError error) {
				kept.clear();
				System.out.println("caught");
			}
			break;
		case "near":
			grow(Integer.parseInt(words[1]));
			break;
		default:
			System.exit(125);
		}
	}
}
