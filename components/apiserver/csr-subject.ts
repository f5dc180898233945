/**
 * The organizations that a certificate signing request asks for. Loaded only when one comes.
 */
import { readCsr } from '../../certs/csr.ts';

/**
 * The Subject's O values.
 * @throws LabError when the request cannot be read
 */
export function organizationsOfRequest(pem: string): readonly string[] {
  return readCsr(pem, 'spec.request').subject.organizations;
}
