#!/bin/sh
# make-disk.sh ROOT KUBELET FILL LABEL OUT ARCHIVE…: makes OUT/base.raw, a disk with the root file system ROOT, the kubelet and the images of the
# archives, imported by the script FILL, with the labels of the script LABEL, and OUT/vmlinuz, its kernel. Writes nothing to ROOT. Needs a mount namespace of its own.
set -eu
root=$1 kubelet=$2 fill=$3 label=$4 out=$5
shift 5
work=$out/work
mkdir "$work"
cp --archive --link "$root/." "$work"
cp --remove-destination "$kubelet" "$work/usr/bin/kubelet"
mkdir --parents "$work/var/lib/containerd" "$work/usr/local/lib/bed"
sh "$fill" "$root" "$work/var/lib/containerd" "$@"

# Runs as the first process at every boot: the files of this one machine are a tar archive on the second disk.
cat >"$work/usr/local/lib/bed/init" <<'INIT'
#!/bin/sh
if [ ! -e /var/lib/bed-files ]; then
  mount -t devtmpfs dev /dev
  modprobe --all virtio_pci virtio_blk
  until [ -b /dev/vda ]; do sleep 0.1; done
  tar --extract --no-overwrite-dir --xattrs --xattrs-include=security.selinux --file /dev/vda --directory / && sync && touch /var/lib/bed-files && sync
fi
exec /sbin/init
INIT
chmod 755 "$work/usr/local/lib/bed/init"
cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
# Newer than /usr: systemd then has nothing to bring up to date at the first boot.
touch "$work/etc/.updated" "$work/var/.updated"
sh "$label" "$root" "$work"
truncate --size=8G "$out/base.raw"
mkfs.ext4 -q -F -d "$work" -L root -E lazy_itable_init=1,lazy_journal_init=1 "$out/base.raw"
rm --recursive "$work"
