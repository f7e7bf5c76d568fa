// Xmod answers for a checksum database with the server of golang.org/x/mod, and asks
// one with its client. tests/tests/xmod.rs compares.
//
//	xmod serve KEYFILE RECORDS SIZE        hashes of all answers for 1 to SIZE records
//	xmod ask KEY HEIGHT RECORDS ANSWERS    looks every record up; prints how many held
//
// RECORDS is a tile of records: each is followed by a blank line. ANSWERS is a JSON
// object from paths to bodies in base64.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	args := os.Args[1:]
	switch {
	case len(args) == 4 && args[0] == "serve":
		serve(string(read(args[1])), records(args[2]), number(args[3]))
	case len(args) == 5 && args[0] == "ask":
		ask(args[1], number(args[2]), records(args[3]), args[4])
	default:
		log.Fatal("usage: xmod serve KEYFILE RECORDS SIZE | xmod ask KEY HEIGHT RECORDS ANSWERS")
	}
}

func read(file string) []byte {
	data, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func records(file string) [][]byte {
	var list [][]byte
	for _, text := range bytes.SplitAfter(read(file), []byte("\n\n")) {
		if len(text) > 0 {
			list = append(list, text[:len(text)-1])
		}
	}
	return list
}

// about returns the module version that the record is about.
func about(record []byte) module.Version {
	fields := strings.Fields(string(record))
	return module.Version{Path: fields[0], Version: fields[1]}
}

// A database has the first records of a log.
type database struct {
	signer  note.Signer
	records [][]byte
	hashes  []tlog.Hash
	lookup  map[module.Version]int64
	signed  []byte
}

func (d *database) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(d.hashes)) {
			return nil, os.ErrNotExist
		}
		list = append(list, d.hashes[index])
	}
	return list, nil
}

func (d *database) add(record []byte) {
	id := int64(len(d.records))
	hashes, err := tlog.StoredHashes(id, record, d)
	if err != nil {
		log.Fatal(err)
	}
	d.records = append(d.records, record)
	d.hashes = append(d.hashes, hashes...)
	d.lookup[about(record)] = id
	tree, err := tlog.TreeHash(id+1, d)
	if err != nil {
		log.Fatal(err)
	}
	text := tlog.FormatTree(tlog.Tree{N: id + 1, Hash: tree})
	d.signed, err = note.Sign(&note.Note{Text: string(text)}, d.signer)
	if err != nil {
		log.Fatal(err)
	}
}

func (d *database) Signed(context.Context) ([]byte, error) {
	return d.signed, nil
}

func (d *database) ReadRecords(_ context.Context, id, n int64) ([][]byte, error) {
	if id+n > int64(len(d.records)) {
		return nil, os.ErrNotExist
	}
	return d.records[id : id+n], nil
}

func (d *database) Lookup(_ context.Context, m module.Version) (int64, error) {
	id, ok := d.lookup[m]
	if !ok {
		return 0, os.ErrNotExist
	}
	return id, nil
}

func (d *database) ReadTileData(_ context.Context, t tlog.Tile) ([]byte, error) {
	return tlog.ReadTileData(t, d)
}

// serve prints one line of hashes for each size and kind of answer.
func serve(key string, records [][]byte, size int) {
	signer, err := note.NewSigner(strings.TrimSpace(key))
	if err != nil {
		log.Fatal(err)
	}
	d := &database{signer: signer, lookup: map[module.Version]int64{}}
	server := sumdb.NewServer(d)
	for n := 1; n <= size; n++ {
		d.add(records[n-1])
		sum := sha256.New()
		get(server, sum, "/latest")
		fmt.Printf("%d latest %x\n", n, sum.Sum(nil))

		sum = sha256.New()
		for _, record := range records[:n] {
			get(server, sum, lookupPath(record))
		}
		if n < len(records) {
			get(server, sum, lookupPath(records[n]))
		}
		fmt.Printf("%d lookup %x\n", n, sum.Sum(nil))

		for height := 1; height <= 8; height++ {
			sum = sha256.New()
			tiles(int64(n), height, n == size, func(t tlog.Tile) {
				get(server, sum, "/"+t.Path())
			})
			fmt.Printf("%d height %d %x\n", n, height, sum.Sum(nil))
		}
	}
}

func lookupPath(record []byte) string {
	m := about(record)
	path, err := module.EscapePath(m.Path)
	if err != nil {
		log.Fatal(err)
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		log.Fatal(err)
	}
	return "/lookup/" + path + "@" + version
}

// tiles calls do with every tile of a log of n records, each as wide as the log has it
// or, with all, of every width; and with one in every row that the log has not.
func tiles(n int64, height int, all bool, do func(tlog.Tile)) {
	for level := -1; level <= 63/height; level++ {
		row := n
		if level >= 0 {
			row = n >> uint(height*level)
		}
		full := int64(1) << uint(height)
		for index := int64(0); index*full < row; index++ {
			width := row - index*full
			if width > full {
				width = full
			}
			first := width
			if all {
				first = 1
			}
			for w := first; w <= width; w++ {
				do(tlog.Tile{H: height, L: level, N: index, W: int(w)})
			}
		}
		do(tlog.Tile{H: height, L: level, N: row / full, W: int(row%full) + 1})
		if row == 0 {
			return
		}
	}
}

// get adds an answer to the sum: path, status and, where it is a good one, length and
// body.
func get(server http.Handler, sum hash.Hash, path string) {
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, httptest.NewRequest("GET", path, nil))
	fmt.Fprintf(sum, "%s\n%d\n", path, recorder.Code)
	if recorder.Code == http.StatusOK {
		body := recorder.Body.Bytes()
		fmt.Fprintf(sum, "%d\n", len(body))
		sum.Write(body)
	}
}

// answers is what a client can read.
type answers struct {
	key    string
	bodies map[string][]byte
	config map[string][]byte
}

func (a *answers) ReadRemote(path string) ([]byte, error) {
	body, ok := a.bodies[path]
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
	}
	return body, nil
}

func (a *answers) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(a.key), nil
	}
	return a.config[file], nil
}

func (a *answers) WriteConfig(file string, old, new []byte) error {
	if !bytes.Equal(a.config[file], old) {
		return sumdb.ErrWriteConflict
	}
	a.config[file] = new
	return nil
}

func (a *answers) ReadCache(file string) ([]byte, error) {
	return nil, os.ErrNotExist
}

func (a *answers) WriteCache(file string, data []byte) {}

func (a *answers) Log(msg string) {}

func (a *answers) SecurityError(msg string) {
	log.Fatal(msg)
}

// ask looks every record up with a client that knows nothing yet.
func ask(key string, height int, records [][]byte, file string) {
	a := &answers{key: key, config: map[string][]byte{}}
	if err := json.Unmarshal(read(file), &a.bodies); err != nil {
		log.Fatal(err)
	}
	client := sumdb.NewClient(a)
	client.SetTileHeight(height)
	for _, record := range records {
		m := about(record)
		for _, version := range []string{m.Version, m.Version + "/go.mod"} {
			lines, err := client.Lookup(m.Path, version)
			if err != nil {
				log.Fatal(err)
			}
			want := m.Path + " " + version + " "
			if len(lines) != 1 || !strings.HasPrefix(lines[0], want) || !bytes.Contains(record, []byte(lines[0]+"\n")) {
				log.Fatalf("%s: %q", want, lines)
			}
		}
	}
	fmt.Printf("%d records hold\n", len(records))
}
