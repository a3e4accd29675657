package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"time"
)

// writeZip writes a zip whose files stand in a folder.
func writeZip(name, folder string, files []file, at time.Time) error {
	return create(name, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, f := range files {
			header := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: at}
			header.SetMode(f.mode)
			entry, err := z.CreateHeader(header)
			if err != nil {
				return err
			}
			if _, err := entry.Write(f.octets); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

// writeTar writes a tar.gz whose files stand in a folder.
func writeTar(name, folder string, files []file, at time.Time) error {
	return create(name, func(w io.Writer) error {
		g, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		t := tar.NewWriter(g)
		for _, f := range files {
			header := &tar.Header{Name: folder + "/" + f.name, Mode: int64(f.mode), Size: int64(len(f.octets)), ModTime: at, Format: tar.FormatPAX}
			if err := t.WriteHeader(header); err != nil {
				return err
			}
			if _, err := t.Write(f.octets); err != nil {
				return err
			}
		}
		return errors.Join(t.Close(), g.Close())
	})
}

func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
