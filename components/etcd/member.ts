/**
 * Who this etcd is: release, member and cluster id, computed as etcd computes them from its flags.
 * @see etcd server/etcdserver/api/membership/member.go computeMemberId, cluster.go genID
 */
import { createHash } from 'node:crypto';

/** The release whose texts and version are shown. */
export const ETCD_VERSION = '3.5.21';
/** The cluster version: the release without its patch level. */
export const CLUSTER_VERSION = '3.5.0';
/** The term of the first election of a one-member cluster. */
export const FIRST_TERM = 2;

/** The one member of the cluster. */
export interface Member {
  readonly id: bigint;
  readonly clusterId: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

/** The member that flags describe. */
export function describeMember(flags: {
  readonly name: string;
  readonly 'initial-cluster-token': string;
  readonly 'initial-advertise-peer-urls': readonly string[];
  readonly 'advertise-client-urls': readonly string[];
}): Member {
  const peerUrls = [...flags['initial-advertise-peer-urls']].sort();
  const id = firstEightBytes(Buffer.from(peerUrls.join('') + flags['initial-cluster-token']));
  const idBytes = Buffer.alloc(8);
  idBytes.writeBigUInt64BE(id);
  return {
    id,
    clusterId: firstEightBytes(idBytes),
    name: flags.name,
    peerUrls,
    clientUrls: flags['advertise-client-urls'],
  };
}

/** An id as etcd logs it: hex without leading zeros. */
export function hexId(id: bigint): string {
  return id.toString(16);
}

function firstEightBytes(bytes: Buffer): bigint {
  return createHash('sha1').update(bytes).digest().readBigUInt64BE(0);
}
