// Command oracle answers the requests of standard input as golang.org/x/mod's checksum
// database server does, and prints status and body of each. Arguments: a file with the
// signer key, and a folder with the go.sum lines of each module version.
package main

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"

	"golang.org/x/mod/sumdb"
)

func main() {
	key, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	records := os.Args[2]
	ops := sumdb.NewTestServer(strings.TrimSpace(string(key)), func(path, vers string) ([]byte, error) {
		return os.ReadFile(records + "/" + strings.ReplaceAll(path, "/", "_") + "@" + vers)
	})
	server := sumdb.NewServer(ops)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, httptest.NewRequest("GET", input.Text(), nil))
		fmt.Printf("%d %x\n", answer.Code, answer.Body.Bytes())
	}
}
