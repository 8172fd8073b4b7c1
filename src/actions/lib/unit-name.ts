import { z } from 'zod';

/** A unit of systemd as systemctl takes it: `containerd`, `kubelet.service`, `getty@tty1`. */
export const unitName = z
  .string()
  .regex(/^[\w:.@\\][\w:.@\\-]*$/, 'the name of a unit of systemd such as containerd or docker.socket');
